//! What a user does from the first command to the last.

use crate::support::sandbox::Sandbox;
use crate::support::testbase::base;

#[test]
fn a_base_gets_a_name_and_an_index_and_envs_on_it_are_made_used_listed_and_removed() {
    let (sandbox, base) = (Sandbox::new(), base());
    let image = base.twin(&sandbox.path("ml-base:alma9/opt/conda"));
    sandbox.mlenv(["base", "add"]).arg(&image).args(["--name", "ml"]).ok().says("ml is ");
    let known = sandbox.mlenv(["base", "list", "--json"]).ok().json();
    assert_eq!(known[0]["name"], "ml");
    sandbox.mlenv(["base", "index", "ml"]).ok().says("wrote ").says("links");
    assert!(image.join("mlenv-standard.tar.zst").is_file());

    let made = sandbox.mlenv(["create", "-p", "myEnv", "--base", "ml"]).ok();
    made.says("created ").says("(conda, Python ").says("as named").hints("-m pip install");
    sandbox.mlenv(["create", "-n", "tune", "--base", "ml"]).ok();
    let by_name = sandbox.path("home/.local/share/mlenv/envs/tune");
    let env = sandbox.path("myEnv");
    for env in [&env, &by_name] {
        let code = "import click, sys; print(click.__version__); print(sys.prefix)";
        let told = sandbox.run(env.join("bin/python")).args(["-c", code]).ok();
        assert_eq!(told.out, format!("8.1.7\n{}\n", env.display()));
    }

    let listed = sandbox.mlenv(["list"]).ok().out;
    assert!(listed.contains("/myEnv") && listed.contains("envs/tune"), "{listed}");
    assert!(listed.lines().skip(1).all(|line| line.contains("  ml  ")), "{listed}");
    let told = sandbox.mlenv(["info", "myEnv"]).ok().out;
    assert!(told.contains("as it was") && told.contains("standard"), "{told}");
    let told = sandbox.mlenv(["info", "tune", "--json"]).ok().json();
    assert_eq!(told["record"]["base"]["name"], "ml");

    sandbox.mlenv(["remove", "myEnv"]).ok().says("removed ");
    sandbox.mlenv(["remove", "tune"]).ok();
    assert!(!env.exists() && !by_name.exists());
    assert_eq!(sandbox.mlenv(["list"]).ok().out, "");
    sandbox.mlenv(["base", "forget", "ml"]).ok().says("untouched");
    sandbox.mlenv(["create", "-p", "again", "--base", "ml"]).fails(1, "no known base");
    assert!(image.join("bin/python").exists());
}

#[test]
fn base_info_tells_what_a_base_is_without_making_anything() {
    let (sandbox, base) = (Sandbox::new(), base());
    let told = sandbox.mlenv(["base", "info"]).arg(&base.prefix).ok().out;
    for word in ["conda", base.version.as_str(), "pip", "yes"] {
        assert!(told.contains(word), "{word} is missing: {told}");
    }
    let told = sandbox.mlenv(["base", "info", "--json"]).arg(&base.prefix).ok().json();
    assert_eq!(told["kind"], "conda");
    assert_eq!(told["python"], base.version.as_str());
    assert_eq!(told["index"].as_array().unwrap().len(), 0);
}
