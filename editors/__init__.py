"""Where the human is: editor plugins and the headless command."""
