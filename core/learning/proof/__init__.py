"""What marks did to a candidate: behaviour, attribution, control, price, and words for a lead."""
