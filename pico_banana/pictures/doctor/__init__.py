"""Looking after the patient: is this machine ready, and is the release what the code takes it for?"""
