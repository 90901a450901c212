//! Is what is allowed together everything?
