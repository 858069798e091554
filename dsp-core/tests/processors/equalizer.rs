//! Gates of the equalizer's placed bands and its output gain.

use crate::common::{Cut, noise, planar_noise, run, same_bits};
use mixdown::{filters::*, *};

const RATE_HZ: f64 = 48_000.0;
/// Rounding of f64 through some matrices: measured -267 dB with six bands.
const NULL_DB: f64 = -260.0;

fn stereo() -> StreamSpec {
    StreamSpec::new(RATE_HZ, 2).unwrap()
}

fn bell(frequency_hz: f64, gain_db: f64) -> Band {
    BellParams { frequency_hz, gain_db, q: 1.0 }.into()
}

fn placed(band: Band, place: Place) -> EqualizerBand {
    Placed { band, place, enabled: true }.into()
}

fn equalizer(bands: &[EqualizerBand]) -> EqualizerParams {
    EqualizerParams { bands: bands.to_vec(), ..Default::default() }
}

fn through<S: Sample>(params: &EqualizerParams, input: &[S], channels: usize, cut: &Cut) -> Vec<S> {
    let mut audio = input.to_vec();
    let spec = stereo().with_channels(channels).unwrap();
    run(&mut params.build::<S>(&spec).unwrap(), &mut audio, cut, vec![]);
    audio
}

fn null_db(a: &[f64], b: &[f64]) -> f64 {
    let peak = b.iter().fold(0.0_f64, |peak, x| peak.max(x.abs()));
    gain_to_db(a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / peak)
}

/// What a placed band should do, from an equalizer of one channel.
fn by_hand(band: Band, place: Place, input: &[f64]) -> Vec<f64> {
    let frames = input.len() / 2;
    let (left, right) = input.split_at(frames);
    let filtered = |channel: &[f64]| through(&equalizer(&[band.into()]), channel, 1, &Cut::whole());
    let (mid, side): (Vec<f64>, Vec<f64>) = left.iter().zip(right).map(|(l, r)| (0.5 * (l + r), 0.5 * (l - r))).unzip();
    let back = |mid: &[f64], side: &[f64]| -> Vec<f64> {
        let left = mid.iter().zip(side).map(|(m, s)| m + s);
        left.chain(mid.iter().zip(side).map(|(m, s)| m - s)).collect()
    };
    match place {
        Place::Stereo => [filtered(left), filtered(right)].concat(),
        Place::Left => [filtered(left), right.to_vec()].concat(),
        Place::Right => [left.to_vec(), filtered(right)].concat(),
        Place::Mid => back(&filtered(&mid), &side),
        Place::Side => back(&mid, &filtered(&side)),
    }
}

const PLACES: [Place; 5] = [Place::Stereo, Place::Mid, Place::Side, Place::Left, Place::Right];

#[test]
fn e5_a_placed_band_acts_on_its_part_alone() {
    let input = planar_noise::<f64>(2, 6_000);
    let steep = HighPassParams { frequency_hz: 300.0, slope_db_per_octave: 48.0 }.into();
    for place in PLACES {
        for band in [bell(1_000.0, 9.0), steep] {
            let output = through(&equalizer(&[placed(band, place)]), &input, 2, &Cut(vec![333]));
            let null_db = null_db(&output, &by_hand(band, place, &input));
            println!("E5 {place:?}: {null_db:.0} dB");
            assert!(null_db <= NULL_DB, "{place:?}: {null_db}");
        }
    }
}

#[test]
fn e5_bands_of_all_places_act_in_their_order() {
    let bands = [
        (bell(300.0, 12.0), Place::Mid),
        (bell(1_000.0, -9.0), Place::Left),
        (bell(2_000.0, 6.0), Place::Stereo),
        (bell(700.0, 9.0), Place::Side),
        (bell(5_000.0, -12.0), Place::Right),
        (bell(150.0, 6.0), Place::Mid),
    ];
    let input = planar_noise::<f64>(2, 6_000);
    let all: Vec<EqualizerBand> = bands.iter().map(|&(band, place)| placed(band, place)).collect();
    let output = through(&equalizer(&all), &input, 2, &Cut(vec![480]));
    let expected = bands.iter().fold(input, |audio, &(band, place)| by_hand(band, place, &audio));
    let null_db = null_db(&output, &expected);
    println!("E5 order: {null_db:.0} dB");
    assert!(null_db <= NULL_DB, "{null_db}");
}

/// The card: the order matters between mid or side and left or right, and nowhere else.
#[test]
fn e5_only_mid_or_side_and_left_or_right_do_not_commute() {
    /// Measured -3 dB and more for pairs that do not commute.
    const DIFFERENT_DB: f64 = -20.0;
    let input = planar_noise::<f64>(2, 6_000);
    let turned = |place| matches!(place, Place::Mid | Place::Side);
    for (first, second) in PLACES.iter().flat_map(|first| PLACES.map(|second| (*first, second))) {
        let (a, b) = (placed(bell(800.0, 12.0), first), placed(bell(1_200.0, -12.0), second));
        let render = |bands: &[EqualizerBand]| through(&equalizer(bands), &input, 2, &Cut::whole());
        let null_db = null_db(&render(&[a, b]), &render(&[b, a]));
        println!("E5 {first:?} and {second:?}: {null_db:.0} dB");
        let matters = first != Place::Stereo && second != Place::Stereo && turned(first) != turned(second);
        assert!(if matters { null_db >= DIFFERENT_DB } else { null_db <= NULL_DB }, "{first:?} {second:?} {null_db}");
    }
}

#[test]
fn e5_bands_switched_off_leave_no_trace() {
    let input = planar_noise::<f32>(2, 6_000);
    let plain = bell(500.0, 6.0).into();
    let off = |place| EqualizerBand::from(Placed { band: bell(2_000.0, 9.0), place, enabled: false });
    let with = equalizer(&[plain, off(Place::Stereo), off(Place::Mid), off(Place::Left)]);
    let (a, b) = (through(&with, &input, 2, &Cut::whole()), through(&equalizer(&[plain]), &input, 2, &Cut::whole()));
    assert!(same_bits(&a, &b));
}

/// All changes of place, while a change is on its way too: the same bits for every cut, and in the end those of a fresh
/// equalizer's settings.
#[test]
fn e5_changes_of_place_do_not_depend_on_the_cut_and_arrive() {
    fn check<S: Sample>() {
        let frames = 24_000;
        let input = planar_noise::<S>(2, frames);
        for (from, to) in PLACES.iter().flat_map(|from| PLACES.map(|to| (*from, to))) {
            let of = |place| equalizer(&[bell(200.0, -6.0).into(), placed(bell(1_000.0, 12.0), place)]);
            let (first, back, last) = (of(from), of(Place::Side), of(to));
            let render = |cut: &Cut| {
                let mut audio = input.clone();
                let mut processor = first.build::<S>(&stereo()).unwrap();
                let events: Vec<crate::common::Event<'_, Equalizer<S>>> = vec![
                    (1_001, Box::new(|p| p.set_params(&back).unwrap())),
                    (2_222, Box::new(|p| p.set_params(&last).unwrap())),
                ];
                run(&mut processor, &mut audio, cut, events);
                audio
            };
            let whole = render(&Cut::whole());
            for cut in [Cut(vec![1, 64, 7]), Cut(vec![480])] {
                assert!(same_bits(&render(&cut), &whole), "{from:?} {to:?}");
            }
            let wide = |audio: &[S]| audio.iter().map(|x| x.to_f64()).collect::<Vec<f64>>();
            let (whole, fresh) = (wide(&whole), wide(&through(&last, &input, 2, &Cut::whole())));
            // 50 ms out and 50 ms in, and the filters forget.
            let late = |audio: &[f64]| [&audio[16_000..frames], &audio[frames + 16_000..]].concat();
            let null_db = null_db(&late(&whole), &late(&fresh));
            assert!(null_db <= -110.0, "{from:?} {to:?}: {null_db}");
        }
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn e5_silence_ends_after_the_tail_and_reset_is_fresh() {
    let bands = [
        placed(bell(60.0, 12.0), Place::Mid),
        placed(bell(100.0, 9.0), Place::Left),
        placed(bell(90.0, 9.0), Place::Side),
    ];
    let moved = equalizer(&[placed(bell(60.0, 12.0), Place::Right), placed(bell(100.0, 9.0), Place::Side)]);
    let mut processor = equalizer(&bands).build::<f64>(&stereo()).unwrap();
    let mut audio = planar_noise::<f64>(2, 2_000);
    run(&mut processor, &mut audio, &Cut::whole(), vec![]);
    processor.set_params(&moved).unwrap();
    let Tail::Frames(tail) = processor.tail() else { panic!("no end") };
    let mut silence = vec![0.0; 2 * (tail as usize + 6_000)];
    run(&mut processor, &mut silence, &Cut(vec![512]), vec![]);
    for channel in silence.chunks(tail as usize + 6_000) {
        assert!(channel[tail as usize + 5_000..].iter().all(|x| *x == 0.0));
    }
    // In the middle of a change.
    processor.set_params(&equalizer(&bands)).unwrap();
    let mut audio = planar_noise::<f64>(2, 500);
    run(&mut processor, &mut audio, &Cut::whole(), vec![]);
    processor.reset();
    let mut again = planar_noise::<f64>(2, 2_000);
    run(&mut processor, &mut again, &Cut::whole(), vec![]);
    assert!(same_bits(&again, &through(&equalizer(&bands), &planar_noise::<f64>(2, 2_000), 2, &Cut::whole())));
}

#[test]
fn e5_places_need_two_channels_and_have_no_single_response() {
    let params = equalizer(&[bell(500.0, 6.0).into(), placed(bell(1_000.0, 6.0), Place::Mid)]);
    for channels in [1, 3] {
        let spec = stereo().with_channels(channels).unwrap();
        assert!(params.output_channels(channels).is_err());
        let error = params.validate(&spec).unwrap_err().to_string();
        assert_eq!(error, format!("bands[1]: channels = {channels} does not fit: 2 needed"));
    }
    assert_eq!(params.frequency_response(&stereo(), &[100.0]).unwrap(), None);
    let stated = equalizer(&[placed(bell(1_000.0, 6.0), Place::Stereo)]);
    let response = stated.frequency_response(&stereo(), &[1_000.0]).unwrap().unwrap();
    assert!((gain_to_db(response[0].norm()) - 6.0).abs() < 0.01);
}

/// A band that is switched off acts on nothing, so it refuses nothing; switched on, it is refused and nothing changes.
#[test]
fn e5_places_of_bands_switched_off_take_any_channels() {
    for channels in [1, 3] {
        let spec = stereo().with_channels(channels).unwrap();
        let input = planar_noise::<f32>(channels, 6_000);
        let with = |enabled, place| {
            equalizer(&[bell(500.0, 6.0).into(), Placed { band: bell(2_000.0, 9.0), place, enabled }.into()])
        };
        for place in PLACES {
            let off = with(false, place);
            assert_eq!(off.output_channels(channels), Ok(channels));
            let mut running = off.build::<f32>(&spec).unwrap();
            let mut audio = input.clone();
            run(&mut running, &mut audio, &Cut(vec![480]), vec![]);
            if place != Place::Stereo {
                let error = running.set_params(&with(true, place)).unwrap_err().to_string();
                assert_eq!(error, format!("bands[1]: channels = {channels} does not fit: 2 needed"));
                let for_stereo = with(true, place).design(&stereo()).unwrap();
                assert_eq!(
                    running.set_coeffs(&for_stereo),
                    Err(Error::Channels { min: channels, max: channels, actual: 2 })
                );
            }
            let mut rest = input.clone();
            run(&mut running, &mut rest, &Cut(vec![480]), vec![]);
            let both: Vec<f32> =
                audio.chunks(6_000).zip(rest.chunks(6_000)).flat_map(|(a, b)| [a, b].concat()).collect();
            let twice: Vec<f32> = input.chunks(6_000).flat_map(|channel| [channel, channel].concat()).collect();
            let plain = through(&equalizer(&[bell(500.0, 6.0).into()]), &twice, channels, &Cut::whole());
            assert!(same_bits(&both, &plain), "{place:?}");
        }
    }
}

#[test]
fn e5_output_gain_is_its_gain() {
    let input = noise(3, 4_000);
    let params = EqualizerParams { output_gain_db: -6.0, ..Default::default() };
    let output = through(&params, &input, 1, &Cut(vec![100]));
    let wanted: Vec<f64> = input.iter().map(|x| x * db_to_gain(-6.0)).collect();
    assert!(null_db(&output, &wanted) < NULL_DB);
    let response = params.frequency_response(&stereo(), &[77.0]).unwrap().unwrap();
    assert!((gain_to_db(response[0].norm()) + 6.0).abs() < 1e-9);
}
