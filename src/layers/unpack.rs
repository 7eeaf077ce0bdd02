//! An image from a registry in a directory: all of it, or nothing.

use std::path::Path;

use serde::Deserialize;

use super::earlier::Earlier;
use super::noted::NotedLayer;
use super::stream;
use super::tree::{Made, Tree};
use crate::env::stage::{OnExisting, Stage};
use crate::error::{Attempt, Error, Result};
use crate::fs::{self, How, Root};
use crate::image::registry::Registry;
use crate::image::registry::content::ImageContent;
use crate::shell::apptainer;
use crate::text::{Shown, size};
use crate::ui::Ui;

/// Unpacks `content` into `dir`, which must not be there, or be empty.
pub(crate) fn unpack(
    registry: &mut Registry,
    content: &ImageContent,
    dir: &Path,
    ui: Ui,
) -> Result<Made> {
    unpack_beside(registry, content, (dir, 0), ui, (None, |_, _| ()))
}

/// The same. `besides` are permissions for others, what `earlier` has of it is not fetched, and `settle` is what is done to the
/// whole image before it gets its name.
pub(super) fn unpack_beside(
    registry: &mut Registry,
    content: &ImageContent,
    (dir, besides): (&Path, u32),
    ui: Ui,
    (earlier, settle): (Option<&mut Earlier>, impl FnOnce(&Root, &[NotedLayer])),
) -> Result<Made> {
    let parent = dir.parent().unwrap_or(Path::new("/"));
    check_free(dir)?;
    fs::make_dirs(parent, 0o777).attempt("make", parent)?;
    let stage = Stage::new(parent)?;
    let (made, layers) = filled(registry, content, (stage.root(), besides), ui, earlier)?;
    settle(stage.root(), &layers);
    stage.commit(dir, OnExisting::Fail)?;
    Ok(made)
}

/// Puts the layers into the open directory `root`, which is empty but for the stage's own mark.
pub(super) fn fill(
    registry: &mut Registry,
    content: &ImageContent,
    to: (&Root, u32),
    ui: Ui,
) -> Result<Made> {
    filled(registry, content, to, ui, None).map(|(made, _)| made)
}

/// The same with what each layer did. What `earlier` has of them is not fetched.
fn filled(
    registry: &mut Registry,
    content: &ImageContent,
    (root, besides): (&Root, u32),
    ui: Ui,
    mut earlier: Option<&mut Earlier>,
) -> Result<(Made, Vec<NotedLayer>)> {
    let mut tree = Tree::new(root, besides);
    let mut all = Vec::new();
    let count = content.layers.len();
    for (at, layer) in content.layers.iter().enumerate() {
        let known = earlier.as_mut().and_then(|earlier| Some((earlier.take(at)?, earlier)));
        let entries = if let Some(((entries, wanted), earlier)) = known {
            ui.say(format!("layer {} of {count} is there already", at + 1));
            tree.add_again(entries, &wanted, earlier)?
        } else {
            ui.say(format!("layer {} of {count}, {}", at + 1, size(layer.size)));
            let blob = registry.open_blob(&layer.digest)?;
            stream::read(blob, (&layer.digest, &layer.diff), |unpacked| tree.add(unpacked))?
        };
        all.push(NotedLayer { diff: layer.diff.clone(), entries });
    }
    let made = tree.finish();
    describe(root, &content.config)?;
    Ok((made, all))
}

fn check_free(dir: &Path) -> Result<()> {
    let refused = |what: &str| {
        Err(Error::no(format!("could not unpack into {}: {what}", Shown(dir)))
            .hint("name a directory that is not there yet"))
    };
    match dir.symlink_metadata() {
        Err(_) => Ok(()),
        Ok(meta) if meta.is_dir() => match dir.read_dir().attempt("read", dir)?.next() {
            None => Ok(()),
            Some(_) => refused("it is not empty"),
        },
        Ok(_) => refused("something of that name is there"),
    }
}

/// The part of a config that says how a container is run.
#[derive(Default, Deserialize)]
struct Config {
    #[serde(default)]
    config: Option<Run>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Run {
    #[serde(default)]
    env: Option<Vec<String>>,
    #[serde(default)]
    entrypoint: Option<Vec<String>>,
    #[serde(default)]
    cmd: Option<Vec<String>>,
}

/// What apptainer reads of a directory: the image's variables, and what its container runs.
fn describe(root: &Root, config: &[u8]) -> Result<()> {
    let config: Config = serde_json::from_slice(config).unwrap_or_default();
    let run = config.config.unwrap_or_default();
    let text = apptainer::variables(&run.env.unwrap_or_default());
    let words: Vec<String> = [run.entrypoint, run.cmd].into_iter().flatten().flatten().collect();
    let script = (!words.is_empty()).then(|| apptainer::runscript(&words));
    for (path, text) in [
        (".singularity.d/env/10-docker2singularity.sh", Some(text)),
        (".singularity.d/runscript", script),
    ] {
        let (Some(text), path) = (text, Path::new(path)) else { continue };
        if root.stat(path).is_ok() {
            continue; // the image brought its own
        }
        let dir = path.parent().unwrap_or(Path::new(""));
        root.make_dirs(dir).attempt("make", &root.path().join(dir))?;
        root.write_new(path, &text, How::PROGRAM).attempt("write", &root.path().join(path))?;
    }
    Ok(())
}
