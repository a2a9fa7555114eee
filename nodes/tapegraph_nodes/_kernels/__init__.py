"""What nodes are built from: ramps, filters, delay lines, random numbers, tables, the equations of tape and heads."""
