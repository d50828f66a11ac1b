//! Tests of the reading of whole objects.
