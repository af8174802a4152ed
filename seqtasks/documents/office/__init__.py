"""Documents of Office programs: archives of XML."""
