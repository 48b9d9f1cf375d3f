"""From a published line to the stored table; `published` alone knows the published key names."""
