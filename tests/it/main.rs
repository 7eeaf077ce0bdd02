//! The whole program from outside: the built binary, real Pythons, real file systems.
//!
//! `sandbox` runs things in a home of their own, `testbase` makes the base that most tests stand on, `machine`
//! says what this machine can do. Every other module is a topic, every test a sentence.

#![expect(clippy::disallowed_methods, reason = "tests make, break and run things themselves")]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod add_conda;
mod add_export;
mod add_pip;
mod archive;
mod base_image;
mod base_prepare;
mod care;
mod care_clone;
mod care_conda;
mod care_doctor;
mod care_killed;
mod care_mixed;
mod care_packages;
mod care_prune;
mod care_python;
mod care_rebase;
mod care_rebase_wishes;
mod care_space;
mod choice;
mod client;
mod compile;
mod completions;
mod crowd;
mod docs;
mod fakeregistry;
mod features;
mod forge;
mod fulldisk;
mod hazards;
mod homes;
mod hostile;
mod house;
mod image_info;
mod image_packages;
mod image_trouble;
mod image_trust;
mod images;
mod jupyter;
mod kernel_live;
mod killed;
mod layouts;
mod machine;
mod modes;
mod oldarchive;
mod parcel;
mod parcel_bad;
mod pip;
mod places;
mod pythons;
mod readme;
mod run;
mod run_jobs;
mod sandbox;
mod scripts;
mod self_check;
mod story;
mod testbase;
mod tools;
mod tree;
mod untouched;
mod wheel;
mod words;
