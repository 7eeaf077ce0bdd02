//! What an image brings along and does not fit it any more.

use super::killed::image_of_dir;
use crate::support::sandbox::Sandbox;
use crate::support::testbase::base;

#[test]
fn an_index_of_another_state_of_the_base_is_made_anew_where_an_image_is_deployed() {
    let sandbox = Sandbox::new();
    let prefix = base().twin(&sandbox.path("image/opt/conda"));
    sandbox.mlenv(["base", "index"]).arg(&prefix).ok();
    std::fs::write(prefix.join("bin/later"), "").unwrap();
    let fake = image_of_dir(&sandbox);
    sandbox.mlenv(["image", "deploy", &fake.image("lab/app:v1"), "images"]).ok();
    let link = sandbox.path("images").join(fake.address.to_string()).join("lab/app:v1");
    let made = sandbox.mlenv(["create", "--no-save", "-p", "env", "--base"]).arg(&link).ok();
    assert!(!made.err.contains("older than the base"), "{made}");
}
