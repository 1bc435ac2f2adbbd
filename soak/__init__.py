"""What it takes to break Assay: parts that run for long, each leaving its figures for docs/reliability.md."""
