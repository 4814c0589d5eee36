//! The words of the Common Gateway Interface.
