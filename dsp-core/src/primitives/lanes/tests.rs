//! Every operation of both forms against its definition.

use super::*;
use crate::{
    foundation::stream::Cpu,
    primitives::backend::{Backend, run},
};

const CPUS: [Cpu; 5] = [Cpu::Detected, Cpu::Avx2, Cpu::Baseline, Cpu::Software, Cpu::Scalar];

#[test]
fn columns_are_those_of_the_matrix_and_go_back_where_they_were() {
    fn check<F: Form, S: Sample>(form: F) {
        let rows: [[S; 12]; 8] =
            core::array::from_fn(|row| core::array::from_fn(|column| S::from_index((100 * row + column) as i32)));
        let columns = F::Wide::<S>::load_columns(form, &rows, 3);
        let mut back = [[S::ZERO; 12]; 8];
        F::Wide::<S>::store_columns(columns, &mut back, 3);
        for (n, column) in columns.into_iter().enumerate() {
            let mut lanes = [S::ZERO; 8];
            column.store(&mut lanes);
            for row in 0..F::Wide::<S>::LEN {
                assert_eq!((lanes[row], back[row][3 + n]), (rows[row][3 + n], rows[row][3 + n]), "{row} {n}");
            }
        }
        assert!(back.iter().all(|row| row[..3] == [S::ZERO; 3] && row[11] == S::ZERO));
    }
    for cpu in CPUS {
        run!(Backend::new(cpu), form => check::<_, f32>(form));
        run!(Backend::new(cpu), form => check::<_, f64>(form));
    }
}

#[test]
fn the_largest_magnitude_is_found_wherever_it_lies() {
    fn check<F: Form>(form: F) {
        for length in 1..50 {
            for place in 0..length {
                let mut samples = [0.25_f32; 50];
                (samples[place], samples[length]) = (-0.5, 1.0);
                assert_eq!(largest_magnitude(form, &samples[..length]), 0.5);
            }
        }
    }
    for cpu in CPUS {
        run!(Backend::new(cpu), form => check(form));
    }
}

#[test]
fn halves_are_joined_in_order_and_what_is_below_the_limit_is_zeroed() {
    fn check<F: Form>(form: F) {
        let value = form.load_halves(&[1.0, -2.0], &[-3.0, 0.5]);
        let (mut lower, mut upper) = ([0.0; 2], [0.0; 2]);
        F::store_halves(value.zero_where(value.abs(), 1.0), &mut lower, &mut upper);
        assert_eq!((lower, upper), ([1.0, -2.0], [-3.0, 0.0]));
        let other = form.load_halves(&[0.5, 2.0], &[1.0, 0.75]);
        F::store_halves(value.zero_where(other, 1.0), &mut lower, &mut upper);
        assert_eq!((lower, upper), ([0.0, -2.0], [-3.0, 0.0]));
        F::store_halves(form.splat_halves(3.0, 4.0) - value.abs(), &mut lower, &mut upper);
        assert_eq!((lower, upper), ([2.0, 1.0], [1.0, 3.5]));
        assert_eq!((value.reduce_max(), (-value).reduce_max()), (1.0, 3.0));
        assert_eq!(form.mul_add(2.0, 3.0, 0.5), 6.5);
    }
    for cpu in CPUS {
        run!(Backend::new(cpu), form => check(form));
    }
}

#[test]
fn samples_are_widened_exactly_and_narrowed_with_one_rounding() {
    fn check<F: Form, S: Sample>(form: F) {
        let lanes = F::Native::<f64>::LEN;
        let samples: [S; 16] = core::array::from_fn(|n| S::from_f64(0.1 + n as f64));
        let [lower, upper] = form.widen(&samples);
        let mut wide = [0.0; 16];
        lower.store(&mut wide);
        upper.store(&mut wide[lanes..]);
        assert!((0..2 * lanes).all(|n| wide[n] == samples[n].to_f64()));
        let mut back = [S::ZERO; 16];
        form.narrow([lower * form.splat(0.3), form.splat(1e-31)], &mut back);
        assert!((0..lanes).all(|n| back[n] == S::from_f64(wide[n] * 0.3)));
        assert!((lanes..16).all(|n| back[n] == S::ZERO));
        assert!(lower.all_finite() && !(lower * form.splat(f64::INFINITY)).all_finite());
        assert!(!(form.splat(f64::INFINITY) - form.splat(f64::INFINITY)).all_finite());
    }
    for cpu in CPUS {
        run!(Backend::new(cpu), form => check::<_, f32>(form));
        run!(Backend::new(cpu), form => check::<_, f64>(form));
    }
}
