//! The product tree: vendor, product, and the versions that have the flaw or mend it.
//!
//! CSAF 2.0 section 3.2.2; version ranges in section 3.1.2.3.2.

use percent_encoding::utf8_percent_encode;
use serde_json::{Value, json};

use crate::advisory::{AdvisoryError, Ecosystem, Interval, product::Product, range::VERS};

/// The products of one document, with an id for each of their versions.
pub(super) struct Tree {
    leaves: Vec<Leaf>,
}

struct Leaf {
    vendor: String,
    name: String,
    purl: Option<String>,
    /// The branch of the versions that have the flaw; `None` where the product has no versions.
    range: Option<Version>,
    affected: String,
    /// Each version that mends it, with its id.
    fixed: Vec<(String, String)>,
}

struct Version {
    category: &'static str,
    name: String,
}

impl Tree {
    pub(super) fn of(products: &[Product], vendor: Option<&str>) -> Result<Self, AdvisoryError> {
        if products.is_empty() {
            return Err(AdvisoryError::Missing {
                field: "affected".to_owned(),
                format: CSAF,
                what: "the products that have the flaw (`product` alone, for one without versions)",
            });
        }
        let mut ids = (1..).map(|number| format!("CSAFPID-{number:04}"));
        let mut id = || ids.next().unwrap_or_default();
        let mut leaves = Vec::new();
        for product in products {
            let vendor = product.vendor.as_deref().or(vendor);
            let vendor =
                vendor.ok_or_else(|| product.missing("vendor", CSAF, "who makes the product"))?;
            let name = product
                .name()
                .ok_or_else(|| product.missing("product", CSAF, "the product's name"))?;
            let has_versions = product.package.is_some() || product.range.is_some();
            if has_versions && product.range.is_none() {
                return Err(product.missing("range", CSAF, "the versions that have the flaw"));
            }
            leaves.push(Leaf {
                vendor: vendor.to_owned(),
                name: name.to_owned(),
                purl: product.purl.as_ref().map(ToString::to_string),
                range: product.range.as_ref().map(|_| Version::of(product)),
                affected: id(),
                fixed: product
                    .patched
                    .iter()
                    .map(|version| (version.clone(), id()))
                    .collect(),
            });
        }
        Ok(Self { leaves })
    }

    /// The ids of the versions that have the flaw.
    pub(super) fn affected(&self) -> Vec<String> {
        self.leaves
            .iter()
            .map(|leaf| leaf.affected.clone())
            .collect()
    }

    /// `product_status`.
    pub(super) fn status(&self) -> Value {
        let fixed = self
            .leaves
            .iter()
            .flat_map(|leaf| leaf.fixed.iter().map(|(_, id)| id.clone()));
        let fixed: Vec<String> = fixed.collect();
        let mut status = json!({ "known_affected": self.affected() });
        if !fixed.is_empty() {
            status["fixed"] = json!(fixed);
        }
        status
    }

    /// The remediations that are updates.
    pub(super) fn fixes(&self, words: Option<&str>) -> Vec<Value> {
        let fix = |leaf: &Leaf| {
            let versions: Vec<&str> = leaf
                .fixed
                .iter()
                .map(|(version, _)| version.as_str())
                .collect();
            let details = match (words, versions.as_slice()) {
                (Some(words), _) => words.to_owned(),
                (None, []) => return None,
                (None, [only]) => format!("Update {} to {only} or later.", leaf.name),
                (None, several) => format!(
                    "Update {} to one of {}, or later.",
                    leaf.name,
                    several.join(", ")
                ),
            };
            Some(
                json!({ "category": "vendor_fix", "details": details, "product_ids": [leaf.affected] }),
            )
        };
        self.leaves.iter().filter_map(fix).collect()
    }

    /// `product_tree`: one branch for each vendor, below it one for each product, in the order in
    /// which they came.
    pub(super) fn document(&self) -> Value {
        let mut vendors: Named<'_, Named<'_, Vec<&Leaf>>> = Vec::new();
        for leaf in &self.leaves {
            let vendor = place(&mut vendors, &leaf.vendor);
            place(vendor, &leaf.name).push(leaf);
        }
        let branches = vendors.iter().map(|(vendor, products)| {
            let products = products.iter().map(|(name, leaves)| product_branch(name, leaves));
            json!({ "category": "vendor", "name": vendor, "branches": products.collect::<Vec<_>>() })
        });
        json!({ "branches": branches.collect::<Vec<_>>() })
    }
}

/// A list whose members have names, in the order in which they came.
type Named<'a, T> = Vec<(&'a str, T)>;

/// The member of that name, made where there is none.
fn place<'a, 'b, T: Default>(list: &'b mut Named<'a, T>, name: &'a str) -> &'b mut T {
    let found = list.iter().position(|(known, _)| *known == name);
    let place = found.unwrap_or_else(|| {
        list.push((name, T::default()));
        list.len() - 1
    });
    &mut list[place].1
}

fn product_branch(name: &str, leaves: &[&Leaf]) -> Value {
    if let [only] = leaves
        && only.range.is_none()
    {
        return json!({ "category": "product_name", "name": name, "product": only.product(name, &only.affected, None) });
    }
    let mut versions = Vec::new();
    for leaf in leaves {
        if let Some(range) = &leaf.range {
            let full = format!("{name} {}", range.name);
            let product = leaf.product(&full, &leaf.affected, None);
            versions.push(
                json!({ "category": range.category, "name": range.name, "product": product }),
            );
        }
        for (version, id) in &leaf.fixed {
            let product = leaf.product(&format!("{name} {version}"), id, Some(version));
            versions.push(
                json!({ "category": "product_version", "name": version, "product": product }),
            );
        }
    }
    json!({ "category": "product_name", "name": name, "branches": versions })
}

impl Leaf {
    fn product(&self, name: &str, id: &str, version: Option<&str>) -> Value {
        let full = if name.starts_with(&self.vendor) {
            name.to_owned()
        } else {
            format!("{} {name}", self.vendor)
        };
        let mut product = json!({ "name": full, "product_id": id });
        let purl = self.purl.as_ref().map(|purl| match version {
            Some(version) => format!("{purl}@{}", utf8_percent_encode(version, VERS)),
            None => purl.clone(),
        });
        if let Some(purl) = purl {
            product["product_identification_helper"] = json!({ "purl": purl });
        }
        product
    }
}

impl Version {
    fn of(product: &Product) -> Self {
        let Some(range) = &product.range else {
            return Self {
                category: "product_version_range",
                name: "*".to_owned(),
            };
        };
        match (
            range.intervals(),
            product.ecosystem.as_ref().and_then(Ecosystem::vers),
        ) {
            ([Interval::Exactly(version)], _) => Self {
                category: "product_version",
                name: version.clone(),
            },
            (_, Some(scheme)) => Self {
                category: "product_version_range",
                name: range.to_vers(scheme),
            },
            (_, None) => Self {
                category: "product_version_range",
                name: range.to_vls(),
            },
        }
    }
}

pub(super) const CSAF: &str = "CSAF";
