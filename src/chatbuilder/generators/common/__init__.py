"""What all generators share: text safety, the guide, data files, workbook and database descriptions."""
