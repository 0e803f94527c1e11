"""The views of the page Conversion: each draws itself from the same filters, and only the open one is asked for."""
