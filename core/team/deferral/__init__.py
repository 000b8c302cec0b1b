"""Who should read what: rules that order cases by how much a person is needed, one in each file."""
