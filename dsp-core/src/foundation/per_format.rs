//! Functions that this crate compiles for generic code, once for `f32` and once for `f64`.
//!
//! A generic function is compiled in the crate that calls it: an app would compile every kernel again after each of its
//! own edits, and at its own optimisation level. Costly code is therefore called through [`per_format!`].

/// Runs a body that is generic over the sample format `S` in a function for `f32` or one for `f64`.
///
/// `per_format!(S, ['m, 'b], (meter: &'m mut Meter<S>, block: &'b Block<'b, 'b, S>) { meter.measure(block) })` moves
/// the variables into the body, under the same names and with the types given; lifetimes are listed first. A type of
/// output may follow the arguments.
macro_rules! per_format {
    ($S:ident, [$($life:lifetime $(: $bound:lifetime)?),*], ($($name:ident: $type:ty),* $(,)?) $body:block) => {
        $crate::foundation::per_format::per_format!($S, [$($life $(: $bound)?),*], ($($name: $type),*) -> () $body)
    };
    (
        $S:ident,
        [$($life:lifetime $(: $bound:lifetime)?),*],
        ($($name:ident: $type:ty),* $(,)?) -> $output:ty $body:block
    ) => {{
        struct Arguments<$($life $(: $bound)?),*>(core::marker::PhantomData<($(&$life (),)*)>);
        impl<$($life $(: $bound)?),*> $crate::foundation::sample::PerFormat for Arguments<$($life),*> {
            type Of<$S: $crate::foundation::sample::Sample> = ($($type,)*);
        }
        struct Output;
        impl $crate::foundation::sample::PerFormat for Output {
            type Of<$S: $crate::foundation::sample::Sample> = $output;
        }
        #[inline(always)]
        fn generic<$($life $(: $bound)?,)* $S: $crate::foundation::sample::Sample>(
            ($($name,)*): ($($type,)*),
        ) -> $output $body
        #[inline(never)]
        fn single<$($life $(: $bound)?),*>(
            arguments: <Arguments<$($life),*> as $crate::foundation::sample::PerFormat>::Of<f32>,
        ) -> <Output as $crate::foundation::sample::PerFormat>::Of<f32> {
            generic::<f32>(arguments)
        }
        #[inline(never)]
        fn double<$($life $(: $bound)?),*>(
            arguments: <Arguments<$($life),*> as $crate::foundation::sample::PerFormat>::Of<f64>,
        ) -> <Output as $crate::foundation::sample::PerFormat>::Of<f64> {
            generic::<f64>(arguments)
        }
        <$S as $crate::foundation::sample::Vectors>::run::<Arguments, Output>(($($name,)*), single, double)
    }};
}
pub(crate) use per_format;
