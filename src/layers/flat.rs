//! Where unpacked images lie in a directory for everybody, in the shape that CVMFS has: by digest, and a link per tag. Pure.

use std::path::{Path, PathBuf};

use crate::image::Reference;
use crate::image::digest::Digest;

/// The directory of all images, by digest.
pub(crate) const FLAT: &str = ".flat";

/// Where the image with this id lies below the root.
pub(crate) fn place(id: &Digest) -> PathBuf {
    Path::new(FLAT).join(&id.hex()[..2]).join(id.hex())
}

/// Where it is written down, below the root, what each layer of that image did.
pub(crate) fn notes(id: &Digest) -> PathBuf {
    Path::new(FLAT).join(&id.hex()[..2]).join(format!(".{}.layers.zst", id.hex()))
}

/// The link of a reference below the root, and the one that remembers what it led to before.
pub(crate) fn links(reference: &Reference) -> (PathBuf, PathBuf) {
    let (above, name) = match reference.repository().rsplit_once('/') {
        Some((above, name)) => (Path::new(reference.registry()).join(above), name),
        None => (PathBuf::from(reference.registry()), reference.repository()),
    };
    let tag = reference.tag().unwrap_or("latest");
    (above.join(format!("{name}:{tag}")), above.join(format!(".{name}:{tag}.before")))
}

/// What a link at `link`, below the root, says to lead to `place`, below it too.
pub(crate) fn target(link: &Path, place: &Path) -> PathBuf {
    let up = link.components().skip(1).map(|_| "..");
    up.collect::<PathBuf>().join(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_from_the_tag_to_the_digest() {
        let id = Digest::of(b"x");
        let place = place(&id);
        let reference = Reference::parse("lab.org:5000/ml/base:v1").unwrap();
        let (link, before) = links(&reference);
        assert_eq!(link, Path::new("lab.org:5000/ml/base:v1"));
        assert_eq!(before, Path::new("lab.org:5000/ml/.base:v1.before"));
        assert_eq!(target(&link, &place), Path::new("../..").join(&place));
        let (link, _) = links(&Reference::parse("python").unwrap());
        assert_eq!(link, Path::new("docker.io/library/python:latest"));
    }
}
