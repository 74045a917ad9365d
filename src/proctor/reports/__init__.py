"""From what was released to text: one module for each form, and none that sees more than a release holds."""
