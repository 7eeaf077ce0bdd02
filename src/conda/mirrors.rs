//! One channel at several places.

use crate::error::Result;
use crate::ui::Ui;

/// What the first place has that has anything. Why others failed is said; where all fail, the first one's reason counts.
pub(super) fn first<'p, T>(
    ui: Ui,
    places: impl IntoIterator<Item = &'p String>,
    ask: impl Fn(&str) -> Result<Option<T>>,
) -> Result<Option<T>> {
    let mut failure = None;
    for place in places {
        match ask(place) {
            Ok(None) => {}
            Ok(found) => {
                if let Some(error) = failure {
                    ui.say(format!("{error}; a mirror has it"));
                }
                return Ok(found);
            }
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    failure.map_or(Ok(None), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::ui::Loudness;

    #[test]
    fn one_place_that_answers_is_enough() {
        let ask = |place: &str| match place {
            "bad" | "worse" => Err(Error::new(place)),
            "empty" => Ok(None),
            place => Ok(Some(place.len())),
        };
        let asked = |places: &[&str]| {
            let places: Vec<String> = places.iter().map(|place| (*place).to_owned()).collect();
            first(Ui::new(Loudness::Quiet, false, false), &places, ask)
        };
        assert_eq!(asked(&["bad", "empty", "good"]).unwrap(), Some(4));
        assert_eq!(asked(&["bad", "worse"]).unwrap_err().to_string(), "bad");
        assert_eq!(asked(&["empty"]).unwrap(), None);
    }
}
