//! The table of documents and right answers.
