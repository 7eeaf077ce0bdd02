//! A Makefile for colleagues who have no mlenv: the tasks of a description, for podman, docker or apptainer. Pure.

use std::fmt::Write as _;

use super::Recipe;
use super::tasks::{Task, tag, with_words};

/// The text. `stem` is what the description's file is called, without its end; `variants` are all that are wanted, with what
/// each describes.
pub(crate) fn render(stem: &str, variants: &[(Option<String>, Recipe)], source: &str) -> String {
    let image = tag(stem, None);
    let (image, _) = image.rsplit_once(':').unwrap_or((&image, ""));
    let mut text = format!(
        "# Made by `mlenv container makefile` for {source}. It wants the texts that `mlenv image recipe` prints for that: Dockerfile,\n\
         # or image.def for apptainer; of a variant with its name behind a dot. make ENGINE=docker, make ENGINE=apptainer ...\n\
         ENGINE ?= podman\nIMAGE ?= {image}\nARGS ?=\n\n\
         ifneq (,$(filter apptainer singularity,$(ENGINE)))\n\
         make_image = $(ENGINE) build $(notdir $(IMAGE)).$(1).sif image.def$(2)\n\
         in_image = $(ENGINE) exec --bind \"$(CURDIR)\" --pwd \"$(CURDIR)\" $(notdir $(IMAGE)).$(1).sif\n\
         else\n\
         make_image = $(ENGINE) build --tag $(IMAGE):$(1) --file Dockerfile$(2) .\n\
         in_image = $(ENGINE) run --rm --volume \"$(CURDIR):$(CURDIR)\" --workdir \"$(CURDIR)\" $(3) $(IMAGE):$(1)\n\
         endif\n"
    );
    let mut phony = Vec::new();
    for (variant, recipe) in variants {
        let tag = tag(stem, variant.as_deref());
        let tag = tag.rsplit_once(':').map_or("latest", |(_, tag)| tag).to_owned();
        let end = variant.as_ref().map_or(String::new(), |name| format!("-{name}"));
        let file = variant.as_ref().map_or(String::new(), |name| format!(".{name}"));
        let mut rule = |name: &str, line: &str| {
            let _ = write!(text, "\n{name}{end}:\n\t{line}\n");
            phony.push(format!("{name}{end}"));
        };
        rule("build", &format!("$(call make_image,{tag},{file})"));
        rule("shell", &format!("$(call in_image,{tag},,--interactive --tty) /bin/sh -l"));
        let run = recipe.runscript.clone().map(|line| ("run", Task::Line(line)));
        let own = recipe.tasks.iter().map(|(name, task)| (name.as_str(), task.clone()));
        for (name, task) in run.into_iter().chain(own) {
            rule(name, &format!("$(call in_image,{tag},,) {}", words(&task)));
        }
    }
    let _ = write!(text, "\n.PHONY: {}\n", phony.join(" "));
    text
}

/// The command as a recipe's line: for `make`, and behind it for a shell.
fn words(task: &Task) -> String {
    let quoted: Vec<String> = match task {
        Task::Line(line) => {
            let line = line.lines().map(str::trim).collect::<Vec<_>>().join("; ");
            vec!["/bin/sh".into(), "-c".into(), quoted(&with_words(&line)), "task".into()]
        }
        Task::Words(words) => words.iter().map(|word| quoted(&word.replace('\n', " "))).collect(),
    };
    format!("{} $(ARGS)", quoted.join(" "))
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''").replace('$', "$$"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::recipe::read;

    #[test]
    fn each_task_is_a_rule_and_each_variant_has_its_own() {
        let text = "base = 'x'\n[tasks]\ntrain = \"echo it's $HOME\"\n[variant.gpu]\nbase = 'y'\n";
        let of = |variant: Option<&str>| (variant.map(str::to_owned), read(text, variant).unwrap());
        let made = render("lab", &[of(None), of(Some("gpu"))], "lab.toml");
        assert!(made.contains("\ntrain:\n\t$(call in_image,latest,,) /bin/sh -c 'echo it'\\''s $$HOME \"$$@\"' task $(ARGS)\n"), "{made}");
        assert!(made.contains("\nbuild-gpu:\n\t$(call make_image,gpu,.gpu)\n"), "{made}");
        assert!(
            made.ends_with("\n.PHONY: build shell train build-gpu shell-gpu train-gpu\n"),
            "{made}"
        );
    }
}
