//! A whole mix as a value: its strips, its VCA groups and its master.

use super::{
    mixer_error::{MixerError, VCA},
    strip_params::StripParams,
};
use crate::{
    foundation::{declare::params, table::Fields, tagged::tagged},
    levels::gain::fader_gain,
};
use alloc::{string::String, vec::Vec};

/// Name of the master strip, which every mix has.
pub const MASTER: &str = "master";

/// What a strip receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StripInput {
    /// One input of the mixer.
    Track {
        /// 1 or 2.
        channels: usize,
    },
    /// The strips that have it as their destination, or send to it; stereo.
    Group,
    /// As a group, and not muted while other strips are soloed.
    Return,
}

tagged! {
    StripInput "StripInput" {
        Track { channels: usize },
        Group,
        Return,
    }
}

impl StripInput {
    /// Channels before the inserts.
    #[must_use]
    pub fn channels(self) -> usize {
        match self {
            Self::Track { channels } => channels,
            Self::Group | Self::Return => 2,
        }
    }
}

/// A strip with its name.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct NamedStrip {
    /// Unique in the mix, not empty, without `/`.
    pub name: String,
    /// What it receives.
    pub input: StripInput,
    /// Its settings.
    #[cfg_attr(feature = "serde", serde(default))]
    pub params: StripParams,
}

params! {
    /// Settings of a VCA group: one fader for several strips, without a bus of its own.
    #[derive(Clone, Debug, PartialEq)]
    VcaParams {
        name: compound String, default String::new(), "Its name, unique among the VCA groups";
        members: compound Vec<String>, default Vec::new(), "Names of its strips, of which each may be in several groups";
        fader_db: dB, -inf..=12.0, default 0.0, "Added to the faders of the members";
        mute: switch, default false, "Mutes the members and their sends";
    }
}

/// A whole mix: strips in the order of their inputs, VCA groups, and the master.
///
/// ```
/// use mixdown::{Mixer, MixerParams, NamedStrip, StreamSpec, StripInput, StripParams, console::SendParams};
///
/// let hall = SendParams { to: "hall".into(), level_db: -18.0, ..Default::default() };
/// let mix = MixerParams {
///     strips: vec![
///         NamedStrip {
///             name: "voice".into(),
///             input: StripInput::Track { channels: 1 },
///             params: StripParams { sends: vec![hall], ..Default::default() },
///         },
///         NamedStrip { name: "hall".into(), input: StripInput::Return, params: StripParams::default() },
///     ],
///     ..Default::default()
/// };
/// let mixer = Mixer::<f32>::build(&mix, &StreamSpec::new(48_000.0, 2)?)?;
/// assert_eq!(mixer.inputs().collect::<Vec<_>>(), ["voice"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct MixerParams {
    /// Tracks, groups and returns. The tracks among them are the inputs of the mixer, in this order.
    pub strips: Vec<NamedStrip>,
    /// Groups of faders.
    pub vcas: Vec<VcaParams>,
    /// The master. It sends nowhere, and `to` and `solo` do not act.
    pub master: StripParams,
}

impl MixerParams {
    /// Settings of a strip; those of the master for any index beyond the others.
    pub(super) fn strip(&self, index: usize) -> &StripParams {
        self.strips.get(index).map_or(&self.master, |strip| &strip.params)
    }

    pub(super) fn strip_mut(&mut self, index: usize) -> &mut StripParams {
        match self.strips.get_mut(index) {
            Some(strip) => &mut strip.params,
            None => &mut self.master,
        }
    }

    pub(super) fn name(&self, index: usize) -> &str {
        self.strips.get(index).map_or(MASTER, |strip| &strip.name)
    }

    pub(super) fn input(&self, index: usize) -> StripInput {
        self.strips.get(index).map_or(StripInput::Group, |strip| strip.input)
    }

    /// Gain of a strip's VCA groups, and whether one of them is muted.
    pub(super) fn vca(&self, index: usize) -> (f64, bool) {
        let name = self.name(index);
        let groups = self.vcas.iter().filter(|vca| vca.members.iter().any(|member| member == name));
        groups.fold((1.0, false), |(gain, is_muted), vca| (gain * fader_gain(vca.fader_db), is_muted || vca.mute))
    }

    /// Checks the VCA groups: settings, names, members.
    pub(super) fn check_vcas(&self, sample_rate_hz: f64) -> Result<(), MixerError> {
        for (position, vca) in self.vcas.iter().enumerate() {
            // Without `format!`, whose unwinding a bare-metal target lacks.
            let name = || String::from(VCA) + &vca.name;
            vca.check_fields(sample_rate_hz).map_err(|error| MixerError::Setting { name: name(), error })?;
            if self.vcas[..position].iter().any(|other| other.name == vca.name) {
                return Err(MixerError::Duplicate { name: name() });
            }
            for member in &vca.members {
                if member != MASTER && self.strips.iter().all(|strip| strip.name != *member) {
                    let known = self.strips.iter().map(|strip| strip.name.clone()).collect();
                    return Err(MixerError::Route { from: name(), to: member.clone(), known });
                }
            }
        }
        Ok(())
    }
}
