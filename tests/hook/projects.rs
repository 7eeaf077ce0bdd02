//! What uv is told: the env of the project whose marker was entered, and nothing in any other project.

use crate::world::{Act, World, everywhere};

const ASK: Act<'static> = Act::Type("sh -c 'echo \"<${UV_PYTHON##*/one/}>\"'");

#[test]
fn uv_keeps_to_the_env_in_its_project_and_is_told_nothing_elsewhere() {
    let add = |dir: &'static str| {
        move |world: &World| {
            std::fs::create_dir_all(world.home(dir)).unwrap();
            std::fs::write(world.home(dir).join("pyproject.toml"), "").unwrap();
        }
    };
    everywhere(&[
        Act::Cd("one"),
        Act::Active("one"),
        ASK,
        Act::Said("<>", 1), // no project
        Act::Cd("two"),
        Act::Meanwhile(&add("one")),
        Act::Meanwhile(&add("one/sub")),
        Act::Cd("one"),
        Act::Active("one"),
        ASK,
        Act::Said("<env/bin/python>", 1),
        Act::Type("cd sub/deep"),
        ASK,
        Act::Said("<>", 2), // a nearer one
        Act::Active("one"),
        Act::Type("cd ../.."),
        ASK,
        Act::Said("<env/bin/python>", 2),
        Act::Cd("plain"),
        Act::Nothing,
    ]);
}
