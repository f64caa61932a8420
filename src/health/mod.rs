//! Which providers and keys are fit to be asked.
