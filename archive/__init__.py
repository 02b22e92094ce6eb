"""The domain of a municipal archive: values, rules and ports. Imports no other package of the project."""
