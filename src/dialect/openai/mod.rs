//! OpenAI's chat dialect: what Tollgate speaks to its callers.
