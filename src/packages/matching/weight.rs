//! What of conda's packages would have to be fetched for a base.

use super::{Asked, Row};
use crate::conda::here::Here;
use crate::conda::{self, Place, Weight};
use crate::context::Context;

/// Adds it to every row for which it can be known. Channels that cannot be asked leave it open.
pub(super) fn add(context: &Context, asked: &Asked, rows: &mut [Row], is_offline: bool) {
    let is_whole = |row: &&mut Row| row.differs.is_empty() && row.lacks.is_empty();
    rows.iter_mut().filter(is_whole).for_each(|row| row.fetch = Some(0));
    if asked.conda.is_empty() {
        return;
    }
    let mut open: Vec<(&mut Row, Here)> = rows
        .iter_mut()
        .filter(|row| row.fetch.is_none() && row.python_fits)
        .filter_map(|row| {
            let here = Here::of_base(row.candidate.conda.as_deref()?).ok()?;
            Some((row, here))
        })
        .collect();
    let Some(prefix) = open.first().and_then(|(row, _)| row.candidate.conda.clone()) else {
        return;
    };
    let place = Place {
        env: &prefix,
        inside: None,
        host: context.host,
        cache: &context.dirs.cache,
        ui: context.ui,
        channels: &[],
        is_offline,
        until: context.cutoff().unwrap_or_default(),
        scripts: None,
    };
    let heres: Vec<&Here> = open.iter().map(|(_, here)| here).collect();
    match conda::weigh(&place, (&asked.channels, &asked.conda), &heres) {
        Ok(weights) => {
            for ((row, _), weight) in open.iter_mut().zip(weights) {
                match weight {
                    Weight::Bytes(bytes) => row.fetch = Some(bytes),
                    Weight::Conflict => row.conflicts = true,
                }
            }
        }
        Err(error) => context.ui.warn(format!("sizes are left open: {error}")),
    }
}
