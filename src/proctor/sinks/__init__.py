"""Where a release goes after the gate has answered; nothing here can change a verdict."""
