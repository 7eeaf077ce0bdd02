//! The table of features names tests; they exist.

use std::path::Path;

use walkdir::WalkDir;

#[test]
fn every_test_that_the_table_of_features_names_is_there() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(top.join("docs/features.md")).unwrap();
    let sources: Vec<(String, String)> = WalkDir::new(top.join("tests"))
        .into_iter()
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "rs"))
        .map(|entry| {
            let path = entry.path().with_extension("");
            let name =
                path.strip_prefix(top.join("tests")).unwrap().to_string_lossy().replace('/', "::");
            (name, std::fs::read_to_string(entry.path()).unwrap())
        })
        .collect();
    let mut count = 0;
    for (module, test) in table.split('`').filter_map(|word| word.rsplit_once("::")) {
        count += 1;
        let line = format!("\nfn {test}() {{");
        let is_there = |(name, text): &(String, String)| {
            format!("::{name}").ends_with(&format!("::{module}")) && text.contains(&line)
        };
        assert!(sources.iter().any(is_there), "{module}::{test}");
    }
    assert!(count > 20, "{count}");
}
