//! Which known key an unknown one was probably meant to be.

/// Letters that may differ before a key counts as another one, at least.
const DISTANCE_MAX: usize = 2;

/// The known key nearest to `key`, if one is near: the same name in another section, or one that differs by a few letters.
pub(super) fn known_key(key: &str, known: &[(&'static str, Vec<&'static str>)]) -> Option<String> {
    let name = key.rsplit('.').next().unwrap_or(key);
    let full = known.iter().flat_map(|(section, keys)| keys.iter().map(move |key| (*section, *key)));
    if let Some((section, key)) = full.clone().find(|(_, known)| *known == name) {
        return Some(format!("{section}.{key}"));
    }
    let sections = known.iter().map(|(section, _)| (*section).to_owned());
    let candidates = full.map(|(section, key)| format!("{section}.{key}")).chain(sections);
    let allowed = DISTANCE_MAX.max(name.chars().count() / 3);
    let near = candidates.map(|candidate| (distance(key, &candidate), candidate));
    near.filter(|(distance, _)| *distance <= allowed).min().map(|(_, candidate)| candidate)
}

/// Levenshtein's distance: letters to insert, drop or replace.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.chars().enumerate() {
        let mut left = line + 1;
        let mut next = vec![left];
        for (other, above) in to.iter().zip(row.windows(2)) {
            let &[diagonal, above] = above else { continue };
            left = (diagonal + usize::from(letter != *other)).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{distance, known_key};

    #[test]
    fn distances_are_counted_in_letters() {
        for (from, to, wanted) in [("", "", 0), ("a", "", 1), ("", "ab", 2), ("kitten", "sitting", 3), ("ä", "a", 1)] {
            assert_eq!(distance(from, to), wanted, "{from} {to}");
        }
    }

    #[test]
    fn the_nearest_key_is_near_or_none() {
        let known = [("server", vec!["listen", "public_url"]), ("data", vec!["dir"])];
        let nearest = |key: &str| known_key(key, &known);
        assert_eq!(nearest("server.lisen").as_deref(), Some("server.listen"));
        assert_eq!(nearest("server.public-url").as_deref(), Some("server.public_url"));
        assert_eq!(nearest("data.listen").as_deref(), Some("server.listen"));
        assert_eq!(nearest("dir").as_deref(), Some("data.dir"));
        assert_eq!(nearest("sever").as_deref(), Some("server"));
        assert_eq!(nearest("server.colour"), None);
    }
}
