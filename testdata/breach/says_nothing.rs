//@ src/cluster/utils.rs
//! A drawer. //~ file-name

//@ src/audit/common/dates.rs
//! A drawer in a cupboard. //~ file-name
