"""What every bench leaves behind: a journal that survives being killed, figures with intervals, comparisons and a report."""
