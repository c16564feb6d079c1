"""How everything looks: colours, layouts, numbers as text, arrays for the browser."""
