//! Reads a source file: its definitions and imports, and every path that it names.

use super::names::{Names, Path, child};
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::{
    Attribute, Item, ItemConst, ItemEnum, ItemFn, ItemMacro, ItemMod, ItemStatic, ItemStruct, ItemTrait, ItemType,
    ItemUse, Macro, Signature, UseTree, Visibility,
    spanned::Spanned,
    visit::{self, Visit},
};

/// A path as written.
pub(super) struct Reference {
    /// Its module, inline modules included.
    pub(super) module: Path,
    pub(super) path: Path,
    pub(super) line: usize,
    /// Whether it is in a `pub use`.
    pub(super) exported: bool,
}

/// Reads the file numbered `file`, which is `module`. Its definitions and imports go into `names`.
pub(super) fn read(file: usize, module: &Path, text: &str, names: &mut Names) -> syn::Result<Vec<Reference>> {
    let syntax = syn::parse_file(text)?;
    names.modules.insert(module.clone(), file);
    let mut reader = Reader { file, module: module.clone(), names, references: Vec::new() };
    reader.visit_file(&syntax);
    Ok(reader.references)
}

struct Reader<'n> {
    file: usize,
    /// The innermost open module.
    module: Path,
    names: &'n mut Names,
    references: Vec<Reference>,
}

impl Reader<'_> {
    fn refer(&mut self, path: Path, at: Span, exported: bool) {
        self.references.push(Reference { module: self.module.clone(), path, line: at.start().line, exported });
    }

    /// One tree of a `use`, below `path`.
    fn import(&mut self, tree: &UseTree, path: Path, exported: bool) {
        let (item, name) = match tree {
            UseTree::Path(tree) => return self.import(&tree.tree, child(&path, &tree.ident), exported),
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.import(tree, path.clone(), exported));
            }
            UseTree::Glob(_) => {
                self.names.globs.entry(self.module.clone()).or_default().push(path.clone());
                return self.refer(path, tree.span(), exported);
            }
            UseTree::Name(name) => (&name.ident, &name.ident),
            UseTree::Rename(renamed) => (&renamed.ident, &renamed.rename),
        };
        let itself = path.last().filter(|_| name == "self").cloned();
        let path = if item == "self" { path } else { child(&path, item) };
        let name = child(&self.module, itself.unwrap_or(name.to_string()));
        self.names.imports.insert(name, (self.module.clone(), path.clone()));
        self.refer(path, tree.span(), exported);
    }

    /// The tokens of a macro: paths, also those within the braces of a `use`, which start with `prefix`.
    fn tokens(&mut self, tokens: TokenStream, prefix: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let punct = |at: usize, c| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == c);
        let colons = |at: usize| punct(at, ':') && punct(at + 1, ':');
        let group = |at: usize, delimiter| match tokens.get(at) {
            Some(TokenTree::Group(group)) if group.delimiter() == delimiter => Some(group.stream()),
            _ => None,
        };
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let continues = at > 0 && (punct(at - 1, '.') || punct(at - 1, '\'') || at > 1 && colons(at - 2));
            match token {
                TokenTree::Group(group) => self.tokens(group.stream(), &[]),
                TokenTree::Ident(ident) if ident == "pub" && group(at + 1, Delimiter::Parenthesis).is_some() => at += 1,
                TokenTree::Ident(first) if !continues => {
                    let mut path = child(prefix, first);
                    while let Some(TokenTree::Ident(next)) = tokens.get(at + 3).filter(|_| colons(at + 1)) {
                        path.push(next.to_string());
                        at += 3;
                    }
                    match group(at + 3, Delimiter::Brace).filter(|_| colons(at + 1)) {
                        Some(branches) => {
                            self.tokens(branches, &path);
                            at += 3;
                        }
                        None => self.refer(path, first.span(), false),
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if let Item::Const(ItemConst { ident, .. })
        | Item::Enum(ItemEnum { ident, .. })
        | Item::Fn(ItemFn { sig: Signature { ident, .. }, .. })
        | Item::Macro(ItemMacro { ident: Some(ident), .. })
        | Item::Static(ItemStatic { ident, .. })
        | Item::Struct(ItemStruct { ident, .. })
        | Item::Trait(ItemTrait { ident, .. })
        | Item::Type(ItemType { ident, .. }) = item
        {
            if let Item::Macro(item) = item
                && item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export"))
            {
                // The root names it too.
                self.names.imports.insert(vec![ident.to_string()], (self.module.clone(), vec![ident.to_string()]));
            }
            self.names.items.insert(child(&self.module, ident));
        }
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if item.content.is_some() {
            self.module.push(item.ident.to_string());
            self.names.modules.insert(self.module.clone(), self.file);
            visit::visit_item_mod(self, item);
            self.module.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if item.leading_colon.is_none() {
            self.import(&item.tree, Path::new(), !matches!(item.vis, Visibility::Inherited));
        }
    }

    fn visit_macro(&mut self, invocation: &'ast Macro) {
        self.visit_path(&invocation.path);
        self.tokens(invocation.tokens.clone(), &[]);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            self.refer(path.segments.iter().map(|segment| segment.ident.to_string()).collect(), path.span(), false);
        }
        visit::visit_path(self, path);
    }

    // Neither uses the items that it names.
    fn visit_attribute(&mut self, _: &'ast Attribute) {}
    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}
