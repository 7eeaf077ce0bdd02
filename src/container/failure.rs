//! What engines say when they fail, and what cures it. Their words differ by release, so a few words of each kind are
//! looked for, and where none is known there is no cure.

/// Words that engines use, in lower case, and the cure. The first match counts.
const CURES: [(&[&str], &str); 16] = [
    (
        &["cannot connect to the docker daemon", "is the docker daemon running", "containerd.sock"],
        "its daemon is not running, or is not yours to use: start it, or choose another engine with --engine",
    ),
    (
        &["toomanyrequests", "too many requests", "rate limit"],
        "the registry allows no more pulls for now: log in with the engine's `login`, wait, or use the image on CVMFS",
    ),
    (
        &[
            "unauthorized",
            "authentication required",
            "access denied",
            "access to the resource is denied",
            "401",
        ],
        "check the image's name; a private image needs a login: `podman login REGISTRY` or the engine's own",
    ),
    (
        &[
            "manifest unknown",
            "name unknown",
            "not found: manifest",
            "404",
            "repository name not known",
        ],
        "there is no such image or tag: `mlenv image list` shows known ones",
    ),
    (
        &["no space left on device", "disk quota exceeded"],
        "free some space where the engine keeps images, or here for a sandbox (`df -h`, `df -i`, `quota -s`)",
    ),
    (
        &["http response to https client"],
        "that registry does not speak TLS: tell the engine so in its own configuration (`insecure` in registries.conf)",
    ),
    (
        &["x509", "certificate"],
        "the registry's certificate is not trusted here: add your site's CA to the system or the engine",
    ),
    (
        &[
            "connection refused",
            "no such host",
            "i/o timeout",
            "network is unreachable",
            "timeout",
            "connection reset",
        ],
        "the registry cannot be reached: check the network and proxies (HTTPS_PROXY), then try again",
    ),
    (
        &["address already in use", "port is already allocated"],
        "its port is taken: make it anew with `setup --force --port PORT`",
    ),
    (
        &["exec: \"/bin/sh\"", "/bin/sh: no such file", "stat /bin/sh", "/bin/sh`: no such"],
        "the image has no shell, so it cannot be entered: choose an image that is made to be worked in",
    ),
    (&["rlimit"], "set `default_ulimits` in containers.conf to what you may have (`ulimit -Hn`)"),
    (&["hybrid"], "set `runtime = \"runc\"` in the [engine] section of containers.conf"),
    (
        &["digest did not match", "does not match", "digest mismatch"],
        "what arrived is not what the registry promised: try again, and tell whoever keeps the registry",
    ),
    (
        &["no parent mount point found"],
        "apptainer cannot build where a file system is mounted at a path with a space: use another directory",
    ),
    (&["is paused"], "let it go on with the engine's `unpause`"),
    (
        &["/etc/subuid", "no subuid ranges", "insufficient uids"],
        "you have no subordinate users here: ask your administrator for a line in /etc/subuid, or use --engine apptainer",
    ),
];

/// The cure for a failure with these words.
pub(crate) fn cure(words: &str) -> Option<&'static str> {
    let words = words.to_lowercase();
    let tells = |sign: &&str| {
        if sign.bytes().all(|byte| byte.is_ascii_digit()) {
            // A number of a protocol stands by itself; identifiers hold any digits.
            words.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == *sign)
        } else {
            words.contains(sign)
        }
    };
    CURES.iter().find(|(signs, _)| signs.iter().any(&tells)).map(|(_, cure)| *cure)
}

/// True for words by which engines say that there is no such container.
pub(crate) fn is_gone(words: &str) -> bool {
    let words = words.to_lowercase();
    ["no such container", "no such object", "no container with"]
        .iter()
        .any(|sign| words.contains(sign))
}

/// The line that says why: the last one that says anything, without the engine's decoration.
pub(crate) fn reason(words: &str) -> String {
    let lines = words.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<&str> = lines.collect();
    let telling = lines.iter().rev().find(|line| is_error(line)).or(lines.last());
    let line = telling.copied().unwrap_or("it does not say why");
    let line = line.strip_prefix("Error: ").or_else(|| line.strip_prefix("FATAL:")).unwrap_or(line);
    let line = line.trim().trim_end_matches('.');
    crate::text::shown(&line.chars().take(600).collect::<String>())
}

fn is_error(line: &str) -> bool {
    let line = line.to_lowercase();
    ["error", "fatal", "cannot", "failed"].iter().any(|word| line.contains(word))
        && !line.starts_with("see '")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_telling_line_and_its_cure_are_found() {
        let podman = "Trying to pull r/x:1...\nError: initializing source docker://r/x:1: reading manifest 1 in r/x: manifest unknown: manifest unknown\n";
        assert!(reason(podman).starts_with("initializing source"));
        assert!(cure(podman).unwrap().contains("no such image"));
        let apptainer = "INFO:    Starting build...\nFATAL:   While performing build: conveyor failed to get: unauthorized: authentication required\n";
        assert!(reason(apptainer).starts_with("While performing build"));
        assert!(cure(apptainer).unwrap().contains("login"));
        let blank = "Unable to create build: failed to find mount point for /a b/x: no parent mount point found";
        assert!(cure(blank).unwrap().contains("with a space"));
        assert!(cure("no space left on device").unwrap().contains("df -h"));
        assert_eq!(cure("anything"), None);
        assert!(cure("received status code 404.").unwrap().contains("no such image"));
        let shell = "unable to start container \"9e08c48404d1f552\": exec: \"/bin/sh\": stat /bin/sh: no such file";
        assert!(cure(shell).unwrap().contains("no shell"));
        assert_eq!(reason(""), "it does not say why");
        assert!(is_gone("Error: no container with name or ID \"x\" found: no such container"));
        assert!(
            is_gone("Error: No such object: x") && !is_gone("Cannot connect to the Docker daemon")
        );
    }
}
