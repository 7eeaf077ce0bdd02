//! Where an archive's links lead, followed through what the archive itself makes: a link whose text looks harmless may
//! lead anywhere behind another link of the same archive. Pure.
//!
//! What the archive does not make counts as a real directory, as it would be one if somebody made it later.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::content::{BASE_LINK, Content, Link};
use super::limits;

/// So many links the kernel follows for one path.
const HOPS: usize = 40;

/// So many bytes of links' texts are followed for all of an archive's links together: for each of them, and beside that.
const WORK: (usize, usize) = (500, 4 << 20);

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// To something in the env.
    Inside,
    /// To this path below the base.
    Base(OsString),
}

/// The links of an archive.
pub(crate) struct Links<'a> {
    plan: &'a Content,
    /// Those of the directories that were passed so far, by name.
    known: HashMap<&'a OsStr, HashMap<&'a OsStr, &'a OsStr>>,
    /// What is left of the work.
    left: usize,
}

impl<'a> Links<'a> {
    /// Those of `plan`, whose names were checked.
    pub(crate) fn of(plan: &'a Content) -> Self {
        let left = WORK.0.saturating_mul(plan.count().links).saturating_add(WORK.1);
        Self { plan, known: HashMap::new(), left }
    }

    /// Where `link`, in the directory `dir`, leads; or why it may not be made.
    pub(crate) fn end(&mut self, dir: &OsStr, link: &'a Link) -> Result<End, &'static str> {
        let mut here = dir.as_bytes().to_vec();
        let mut rest: Vec<&[u8]> = self.parts(&link.target)?.collect();
        let mut hops = 0;
        while let Some(part) = rest.pop() {
            match part {
                b"" | b"." => {}
                b".." if in_base(&here).is_some() => return Err("climbs about in the base"),
                b".." if here.is_empty() => return Err("leads out of the env"),
                b".." => {
                    let end = here.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
                    here.truncate(end);
                }
                name => match self.at(&here, name) {
                    Some(_) if hops == HOPS => return Err("leads round in a circle"),
                    Some(target) => {
                        hops += 1;
                        rest.extend(self.parts(target)?);
                    }
                    None => push(&mut here, name),
                },
            }
            if here.len() > 2 * limits::PATH {
                return Err("leads further than any path");
            }
        }
        match in_base(&here) {
            Some(b"") => Err("is the whole base"),
            Some(below) => Ok(End::Base(OsString::from_vec(below.to_vec()))),
            None if here.is_empty() => Err("is the env itself"),
            None => Ok(End::Inside),
        }
    }

    /// The parts of a link's text, the first one last.
    fn parts<'t>(
        &mut self,
        target: &'t OsStr,
    ) -> Result<impl Iterator<Item = &'t [u8]> + use<'t>, &'static str> {
        let target = target.as_bytes();
        if target.is_empty() || target.starts_with(b"/") || target.contains(&0) {
            return Err("is not a relative path");
        }
        if target.len() > limits::PATH {
            return Err("is longer than any path");
        }
        self.left = self.left.checked_sub(target.len()).ok_or("is one of a tangle of links")?;
        Ok(target.rsplit(|&byte| byte == b'/'))
    }

    /// The text of the link `name` in the directory `dir`, if the archive makes one there.
    fn at(&mut self, dir: &[u8], name: &[u8]) -> Option<&'a OsStr> {
        let (path, found) = self.plan.dirs.get_key_value(OsStr::from_bytes(dir))?;
        let links = self.known.entry(path).or_insert_with(|| {
            found
                .links
                .iter()
                .map(|link| (link.name.as_os_str(), link.target.as_os_str()))
                .collect()
        });
        links.get(OsStr::from_bytes(name)).copied()
    }
}

fn push(path: &mut Vec<u8>, name: &[u8]) {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
}

/// The part of a path of the env that lies below the base.
fn in_base(path: &[u8]) -> Option<&[u8]> {
    match path.strip_prefix(BASE_LINK.as_bytes())? {
        [] => Some(b""),
        [b'/', below @ ..] => Some(below),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Where the last of these links leads.
    fn end(links: &[(&str, &str)]) -> Result<End, &'static str> {
        let mut plan = Content::default();
        for (path, target) in links {
            plan.link(Path::new(path), target.into());
        }
        let path = OsStr::new(links[links.len() - 1].0);
        let (dir, _) = super::super::content::split(path);
        Links::of(&plan).end(dir, plan.link_at(Path::new(path)).unwrap())
    }

    #[test]
    fn chains_are_followed_as_the_kernel_would() {
        let out = Err("leads out of the env");
        assert_eq!(end(&[("a/b/l", "../../x"), ("a/b/e", "l/../../../outside")]), out);
        assert_eq!(end(&[("a/b/l", "../../x"), ("a/b/e", "l/../outside")]), Ok(End::Inside));
        assert_eq!(end(&[("l", "a/b/c"), ("e", "l/../../../x")]), Ok(End::Inside));
        assert_eq!(end(&[("l", "a/b/c"), ("e", "l/../../../../x")]), out);
        assert_eq!(end(&[("a/b/l", "../.."), ("a/b/e", "l/x")]), Ok(End::Inside));
        assert_eq!(end(&[("a/b/l", "../.."), ("a/b/e", "l/..")]), out);
        assert_eq!(
            end(&[("a/m", "l"), ("a/l", "/etc"), ("a/e", "m/x")]),
            Err("is not a relative path")
        );
        assert_eq!(end(&[("a/l", "e"), ("a/e", "l")]), Err("leads round in a circle"));
        let base = |path: &str| Ok(End::Base(path.into()));
        assert_eq!(end(&[("a/l", "../baseEnv_dir/lib"), ("a/e", "l/x")]), base("lib/x"));
        assert_eq!(
            end(&[("a/l", "../baseEnv_dir/lib"), ("a/e", "l/../x")]),
            Err("climbs about in the base")
        );
        assert_eq!(end(&[("a/l", ".."), ("a/e", "l/baseEnv_dir/./")]), Err("is the whole base"));
        assert_eq!(end(&[("a/e", "../baseEnv_dirx/../..")]), out);
        assert_eq!(
            end(&[("a/e", "baseEnv_dir/../../..")]),
            out,
            "only the env's own leads to the base"
        );
    }

    #[test]
    fn a_tangle_ends_soon() {
        let names: Vec<(String, String)> = (0..1000)
            .map(|at| (format!("l{at}"), format!("l{}/{}", at + 1, "x/../".repeat(700))))
            .collect();
        let links: Vec<(&str, &str)> =
            names.iter().map(|(name, target)| (name.as_str(), target.as_str())).collect();
        let mut plan = Content::default();
        for (path, target) in &links {
            plan.link(Path::new(path), target.into());
        }
        let mut all = Links::of(&plan);
        let found =
            plan.dirs[OsStr::new("")].links.iter().map(|link| all.end(OsStr::new(""), link));
        assert!(found.filter(Result::is_err).count() > 900);
    }
}
