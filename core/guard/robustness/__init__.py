"""How easily a version is thrown off: attacks, corruptions, smallest changes that flip, and a hint of tampering."""
