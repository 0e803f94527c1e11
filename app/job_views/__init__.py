"""Jobs as pages show them: at hand, in tables, in the sidebar, and the forms that ask for them."""
