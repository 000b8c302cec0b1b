"""Parts that the pages share: each owns its element keys and draws one thing."""
