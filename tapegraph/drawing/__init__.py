"""Pictures of graphs: in text, Mermaid and SVG."""
