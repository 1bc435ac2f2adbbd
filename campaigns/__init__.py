"""What a brand asks of a campaign's candidates beside the verdict. Nothing here moves a verdict, a score or a rank."""
