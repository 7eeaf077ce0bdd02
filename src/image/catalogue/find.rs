//! What a word means: a name of the catalogue, short or whole, a pattern, or a reference.

use super::{Catalogue, Image, patterns};
use crate::error::{Error, Result};
use crate::image::reference::Reference;
use crate::text::shown;

impl Catalogue {
    /// The image that `word` means. In this order: a name of the catalogue; a reference, which finds its entry if it
    /// has one; the part of a name before its `:`, where one image has it; a pattern, whose newest match is taken.
    /// Any other word is an image of Docker Hub, unless it looks like a slip.
    pub(crate) fn find(&self, word: &str) -> Result<Image> {
        if let Some(image) = self.named(word)? {
            return Ok(image);
        }
        let reference = Reference::parse(word)?;
        let is_whole = word.contains(['/', '@']);
        match self.near(word).filter(|_| !is_whole) {
            Some(near) => Err(Error::no(format!("no image is called {}", shown(word)))
                .hint(format!("did you mean {near}? (Docker Hub's own image is {reference})"))),
            None => Ok(self.by_reference(reference)),
        }
    }

    /// The image of the catalogue that `word` means, if it means one; a word that means several is refused.
    pub(crate) fn named(&self, word: &str) -> Result<Option<Image>> {
        let name = |image: &Image| image.name.clone().unwrap_or_default();
        if let Some(image) = self.images.iter().find(|image| name(image) == word) {
            return Ok(Some(image.clone()));
        }
        if patterns::is_pattern(word) {
            return self.newest(word).map(Some);
        }
        let reference = Reference::parse(word).ok().filter(|_| word.contains('/'));
        if let Some(reference) = &reference {
            let same = |image: &&Image| image.reference.as_ref() == Some(reference);
            return Ok(self.images.iter().find(same).cloned());
        }
        let short: Vec<&Image> =
            self.images.iter().filter(|image| family(&name(image)) == word).collect();
        match short[..] {
            [] => Ok(None),
            [image] => Ok(Some(image.clone())),
            _ => Err(several(word, &short)
                .hint(format!("say which, or `{word}:*` in quotes for the newest"))),
        }
    }

    /// The images whose name or reference `pattern` covers, or which begin with it where it is a plain word; all
    /// without one. In the order of their names and versions.
    pub(crate) fn matching(&self, pattern: Option<&str>) -> Result<Vec<&Image>> {
        let Some(pattern) = pattern else { return Ok(self.images.iter().collect()) };
        let is_pattern = patterns::is_pattern(pattern);
        let fits = |text: &str| {
            if is_pattern { patterns::covers(pattern, text) } else { text.starts_with(pattern) }
        };
        let of_image = |image: &&Image| {
            let reference = image.reference.as_ref().map(Reference::to_string);
            image.name.iter().chain(&reference).any(|text| fits(text))
        };
        let found: Vec<&Image> = self.images.iter().filter(of_image).collect();
        if found.is_empty() { Err(self.nothing(pattern)) } else { Ok(found) }
    }

    /// The newest image that a pattern covers, as long as it covers versions of one.
    fn newest(&self, pattern: &str) -> Result<Image> {
        let found = self.matching(Some(pattern))?;
        let families = found.iter().map(|image| image.name.as_deref().map(family));
        let mut families: Vec<_> = families.collect();
        families.dedup();
        match (found.last(), families.len()) {
            (Some(image), 1) => Ok((*image).clone()),
            _ => Err(several(pattern, &found)
                .hint("a pattern takes the newest version of one image: say more of its name")),
        }
    }

    fn nothing(&self, word: &str) -> Error {
        let error = Error::no(format!("no image of the catalogue is called {}", shown(word)));
        match self.near(word.trim_matches('*')) {
            Some(near) => error.hint(format!("did you mean {near}?")),
            None => error.hint("`mlenv image list` shows all"),
        }
    }

    /// The name that was probably meant by a word that means nothing, of an image that this machine sees.
    pub(crate) fn near_here(&self, word: &str) -> Option<&str> {
        let here = self.images.iter().filter(|image| image.here().is_some());
        patterns::nearest(word, here.filter_map(|image| image.name.as_deref()))
    }

    /// The nearest name, wherever the image is.
    pub(crate) fn near(&self, word: &str) -> Option<&str> {
        patterns::nearest(word, self.images.iter().filter_map(|image| image.name.as_deref()))
    }
}

/// The part of a name that versions of one image share.
fn family(name: &str) -> &str {
    name.split(':').next().unwrap_or(name)
}

fn several(word: &str, images: &[&Image]) -> Error {
    let names: Vec<String> = images.iter().map(|image| image.title()).collect();
    Error::new(format!("{} means several images: {}", shown(word), names.join(", ")))
}
