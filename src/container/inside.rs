//! Whether this process runs in a container, and in which. One sign is never enough: `/.dockerenv` is left in images
//! of virtual machines, and variables of apptainer are exported by modules and carried out by `srun`. So a file or
//! variable counts only where the table of mounts agrees.

use std::path::{Path, PathBuf};

use super::binds::{Usual, binds};
use super::engine::{Engine, Family};
use super::mountinfo::{Table, container_id};
use super::place::Residence;
use crate::config::LAUNCH;
use crate::foreign;
use crate::host::Host;
use crate::text::PathText;

/// What there is to see.
pub(crate) struct Signs<'a> {
    /// The process's surroundings.
    pub(crate) host: &'a Host,
    /// What is mounted.
    pub(crate) table: Table,
    /// podman's file, `/run/.containerenv`; empty in most containers.
    pub(crate) containerenv: Option<String>,
    /// docker's file, `/.dockerenv`.
    pub(crate) dockerenv: bool,
}

/// The container that this process runs in; none on a host.
pub(crate) fn look(host: &Host) -> Option<Residence> {
    let signs = Signs {
        host,
        table: Table::read(),
        containerenv: foreign::read_text("/run/.containerenv", foreign::FileKind::Note).ok(),
        dockerenv: Path::new("/.dockerenv").exists(),
    };
    judge(&signs)
}

/// The innermost container comes first: apptainer may run in docker, never the other way round.
pub(crate) fn judge(signs: &Signs) -> Option<Residence> {
    let found = files(signs).or_else(|| store(signs))?;
    let launch = signs.host.var(LAUNCH).and_then(|text| text.to_str());
    let launch = launch.and_then(Residence::from_launch);
    // Ours is exact, but it can have been carried out of another container.
    match launch.filter(|launch| is_about(launch, &found, &signs.table)) {
        Some(launch) => {
            let container = found.container.or(launch.container);
            Some(Residence { container, mark: None, ..launch })
        }
        None => Some(found),
    }
}

/// Whether what somebody was told is about this container: images are made of containers, with their variables.
fn is_about(launch: &Residence, found: &Residence, table: &Table) -> bool {
    if launch.engine.family() != found.engine.family() {
        return false;
    }
    match (found.engine.family(), &launch.container, &launch.mark) {
        // The image's path is in the variables that apptainer sets itself, whatever came from outside.
        (Family::Files, ..) => {
            launch.image == found.image
                && launch.bind.iter().all(|mount| is_mounted(table, &mount.target.0))
        }
        (Family::Store, Some(_), _) => launch.container == found.container,
        (Family::Store, None, Some(mark)) => is_mounted(table, &mark.0),
        (Family::Store, None, None) => false,
    }
}

/// The place may be reached through a link in the image.
fn is_mounted(table: &Table, target: &Path) -> bool {
    let is_there = |path: &Path| table.entries.iter().any(|entry| entry.target.0 == path);
    is_there(target) || target.canonicalize().is_ok_and(|path| is_there(&path))
}

/// apptainer and singularity.
fn files(signs: &Signs) -> Option<Residence> {
    let var = |end: &str| {
        let name = |engine: &str| format!("{engine}_{end}");
        let own = signs.host.var(&name("APPTAINER")).map(|value| (Engine::Apptainer, value));
        own.or_else(|| {
            signs.host.var(&name("SINGULARITY")).map(|value| (Engine::Singularity, value))
        })
    };
    let (engine, image) = var("CONTAINER")?;
    let table = &signs.table;
    let root = table.at("/");
    let is_session =
        ["apptainer/mnt/session", "singularity/mnt/session"].iter().any(|dir| table.mentions(dir));
    let is_sandbox = root.is_some_and(|root| {
        let last = Path::new(image).file_name();
        root.root.0 != Path::new("/") && last.is_some() && root.root.0.file_name() == last
    });
    if !is_session && !is_sandbox {
        return None;
    }
    let mut place = Residence::new(engine);
    place.image = Some(PathText(PathBuf::from(image)));
    place.writable = is_sandbox;
    place.home = signs.host.path_var("HOME").map(PathText);
    let mut usual = Usual {
        dirs: vec!["/tmp".into(), "/var/tmp".into()],
        asked: var("BIND").map(|(_, list)| list),
    };
    usual.dirs.extend(signs.host.path_var("HOME"));
    place.seen = binds(table, &usual);
    place.gpu = has_gpu(table);
    Some(place)
}

/// podman, docker and nerdctl.
fn store(signs: &Signs) -> Option<Residence> {
    let container = container_id(&signs.table)?;
    let engine = match (&signs.containerenv, signs.dockerenv) {
        (Some(_), _) => Engine::Podman,
        (None, _) if signs.table.mentions("/nerdctl/") => Engine::Nerdctl,
        (None, true) => Engine::Docker,
        (None, false) => return None,
    };
    let mut place = Residence::new(engine);
    let told = signs.containerenv.as_deref().unwrap_or_default();
    let value = |key: &str| {
        told.lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix("=\"")?.strip_suffix('"'))
            .filter(|value| !value.is_empty())
    };
    place.image = value("image").map(|image| PathText(image.into()));
    place.container = Some(container);
    place.home = signs.host.path_var("HOME").map(PathText);
    place.seen = binds(&signs.table, &Usual::default());
    place.gpu = has_gpu(&signs.table);
    Some(place)
}

/// Engines bind the driver's device files one by one, or all of `/dev`.
fn has_gpu(table: &Table) -> bool {
    table.mentions(" /dev/nvidiactl ") || table.mentions("/.singularity.d/libs/libcuda")
}

#[cfg(test)]
mod tests {
    use super::super::mountinfo::tests::{PODMAN, SANDBOX, table};
    use super::*;

    const HOST: &str = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n";

    fn judged(
        vars: &[(&str, &str)],
        mounts: &str,
        env: Option<&str>,
        docker: bool,
    ) -> Option<Residence> {
        let host = Host::fake(vars, Path::new("/"));
        let containerenv = env.map(str::to_owned);
        judge(&Signs { host: &host, table: table(mounts), containerenv, dockerenv: docker })
    }

    #[test]
    fn one_sign_is_not_enough() {
        assert_eq!(judged(&[], HOST, None, false), None);
        assert_eq!(judged(&[], HOST, None, true), None, "a machine made from an image");
        assert_eq!(judged(&[("SINGULARITY_CONTAINER", "/i.sif")], HOST, None, false), None);
        assert_eq!(judged(&[], HOST, Some(""), false), None);
        let launch = Residence::new(Engine::Podman).launch();
        assert_eq!(judged(&[(LAUNCH, &launch)], HOST, None, true), None, "carried out by srun");
        assert_eq!(judged(&[], SANDBOX, None, false), None);
    }

    #[test]
    fn engines_are_told_apart_and_the_innermost_wins() {
        let engine = |vars: &[(&str, &str)], mounts: &str, env, docker| {
            judged(vars, mounts, env, docker).unwrap().engine
        };
        assert_eq!(engine(&[], PODMAN, Some(""), false), Engine::Podman);
        assert_eq!(engine(&[], PODMAN, None, true), Engine::Docker);
        let nerdctl = PODMAN.replace("/run/containers/", "/var/lib/nerdctl/");
        assert_eq!(engine(&[], &nerdctl, None, false), Engine::Nerdctl);
        let inner = [("APPTAINER_CONTAINER", "/exp/box"), ("SINGULARITY_CONTAINER", "/exp/box")];
        assert_eq!(engine(&inner, SANDBOX, None, true), Engine::Apptainer);
        assert_eq!(engine(&inner[1..], SANDBOX, None, true), Engine::Singularity);
        let session = "1 0 0:1 / / rw - overlay overlay ro,lowerdir=/var/apptainer/mnt/session/x\n";
        assert_eq!(engine(&inner, session, None, false), Engine::Apptainer);
    }

    #[test]
    fn a_privileged_podman_tells_its_image_and_our_own_word_tells_all() {
        let told = "engine=\"podman-4.3.1\"\nimage=\"localhost/x:1\"\n";
        let place = judged(&[], PODMAN, Some(told), false).unwrap();
        assert_eq!(place.image, Some(PathText("localhost/x:1".into())));
        assert_eq!(place.seen.len(), 1);
        let mut ours = Residence::new(Engine::Podman);
        ours.image = Some(PathText("r/ml:1".into()));
        ours.digest = Some("sha256:1".into());
        // As in an image that somebody made of a container of ours.
        let committed = judged(&[(LAUNCH, &ours.launch())], PODMAN, Some(""), false).unwrap();
        assert_eq!((committed.image, committed.digest), (None, None));
        ours.container = Some("77".repeat(32));
        let committed = judged(&[(LAUNCH, &ours.launch())], PODMAN, Some(""), false).unwrap();
        assert_eq!(committed.digest, None);
        ours.container = None;
        ours.mark = Some(PathText("/run/mlenv-1".into()));
        let committed = judged(&[(LAUNCH, &ours.launch())], PODMAN, Some(""), false).unwrap();
        assert_eq!(committed.digest, None);
        let marked = format!("{PODMAN}90 75 0:88 / /run/mlenv-1 rw - tmpfs tmpfs rw\n");
        let place = judged(&[(LAUNCH, &ours.launch())], &marked, Some(""), false).unwrap();
        assert_eq!((place.digest.as_ref(), place.mark), (ours.digest.as_ref(), None));
        ours.container = place.container;
        let place = judged(&[(LAUNCH, &ours.launch())], PODMAN, Some(""), false).unwrap();
        assert_eq!(place.digest, ours.digest);
        assert!(place.container.unwrap().starts_with("2e75"));
        let stale = [(LAUNCH, ours.launch()), ("APPTAINER_CONTAINER", "/exp/box".to_owned())];
        let stale = stale.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(judged(&stale, SANDBOX, None, false).unwrap().engine, Engine::Apptainer);
    }
}
