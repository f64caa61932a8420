//! Simulated providers, for rehearsals and tests.
