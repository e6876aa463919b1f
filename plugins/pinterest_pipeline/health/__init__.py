"""The state of every component: read, judged, kept, told on change."""
