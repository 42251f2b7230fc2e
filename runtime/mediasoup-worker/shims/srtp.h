// The worker is written for libsrtp 3, Debian 12 has libsrtp 2. This gives the worker the part of the newer
// interface that it calls. What differs:
// - policies are objects behind a pointer, made and filled by calls (version 2: a plain struct);
// - packets go from an input to an output buffer whose size is checked (version 2: in place, unchecked).
#pragma once

#include <srtp2/srtp.h>

#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

// Results that version 2 does not know.
inline constexpr auto srtp_err_status_buffer_small = static_cast<srtp_err_status_t>(28);
inline constexpr auto srtp_err_status_cryptex_err  = static_cast<srtp_err_status_t>(29);

namespace callscope_srtp
{
	// Owns the key that the version 2 policy only points to.
	struct Policy
	{
		srtp_policy_t policy{};
		std::uint8_t key[SRTP_MAX_KEY_LEN]{};
	};

	using PolicyHandle = Policy*;

	inline srtp_err_status_t CreatePolicy(PolicyHandle* handle)
	{
		*handle = new (std::nothrow) Policy();

		return *handle != nullptr ? srtp_err_status_ok : srtp_err_status_alloc_fail;
	}

	inline void DestroyPolicy(PolicyHandle handle)
	{
		if (handle == nullptr)
		{
			return;
		}

		explicit_bzero(handle->key, sizeof(handle->key));
		delete handle;
	}

	inline srtp_err_status_t SetSsrc(PolicyHandle handle, srtp_ssrc_t ssrc)
	{
		handle->policy.ssrc = ssrc;

		return srtp_err_status_ok;
	}

	inline srtp_err_status_t SetProfile(PolicyHandle handle, srtp_profile_t profile)
	{
		const auto status = srtp_crypto_policy_set_from_profile_for_rtp(&handle->policy.rtp, profile);

		if (status != srtp_err_status_ok)
		{
			return status;
		}

		return srtp_crypto_policy_set_from_profile_for_rtcp(&handle->policy.rtcp, profile);
	}

	// Version 2 wants key and salt in one piece. Master key identifiers are not used by the worker.
	inline srtp_err_status_t AddKey(
	  PolicyHandle handle,
	  const std::uint8_t* key,
	  std::size_t keyLength,
	  const std::uint8_t* salt,
	  std::size_t saltLength,
	  const std::uint8_t* mki,
	  std::size_t /*mkiLength*/)
	{
		if (mki != nullptr || keyLength > sizeof(handle->key) || saltLength > sizeof(handle->key) - keyLength)
		{
			return srtp_err_status_bad_param;
		}

		std::memcpy(handle->key, key, keyLength);
		std::memcpy(handle->key + keyLength, salt, saltLength);
		handle->policy.key = handle->key;

		return srtp_err_status_ok;
	}

	inline srtp_err_status_t SetAllowRepeatedSending(PolicyHandle handle, bool allow)
	{
		handle->policy.allow_repeat_tx = allow ? 1 : 0;

		return srtp_err_status_ok;
	}

	inline srtp_err_status_t SetWindowSize(PolicyHandle handle, std::size_t packets)
	{
		handle->policy.window_size = static_cast<unsigned long>(packets);

		return srtp_err_status_ok;
	}

	inline srtp_err_status_t CreateSession(srtp_t* session, PolicyHandle handle)
	{
		return ::srtp_create(session, &handle->policy);
	}

	// Bytes that protecting may add: the tag and key identifier; RTCP has an index of 4 bytes besides.
	inline constexpr std::size_t rtpGrowth  = SRTP_MAX_TRAILER_LEN;
	inline constexpr std::size_t rtcpGrowth = SRTP_MAX_TRAILER_LEN + 4;

	// Runs a version 2 call on a copy in the output buffer, which must have room for what the call may add.
	template<std::size_t growth, typename Call>
	inline srtp_err_status_t Through(
	  Call call,
	  srtp_t session,
	  const std::uint8_t* input,
	  std::size_t inputLength,
	  std::uint8_t* output,
	  std::size_t* outputLength)
	{
		if (inputLength > static_cast<std::size_t>(INT_MAX) - growth || inputLength + growth > *outputLength)
		{
			return srtp_err_status_buffer_small;
		}

		if (input != output)
		{
			std::memmove(output, input, inputLength);
		}

		int length        = static_cast<int>(inputLength);
		const auto status = call(session, output, &length);

		if (status == srtp_err_status_ok)
		{
			*outputLength = static_cast<std::size_t>(length);
		}

		return status;
	}

	inline srtp_err_status_t ProtectRtp(
	  srtp_t session,
	  const std::uint8_t* input,
	  std::size_t inputLength,
	  std::uint8_t* output,
	  std::size_t* outputLength,
	  std::size_t /*mkiIndex*/)
	{
		return Through<rtpGrowth>(::srtp_protect, session, input, inputLength, output, outputLength);
	}

	inline srtp_err_status_t UnprotectRtp(
	  srtp_t session, const std::uint8_t* input, std::size_t inputLength, std::uint8_t* output, std::size_t* outputLength)
	{
		return Through<0>(::srtp_unprotect, session, input, inputLength, output, outputLength);
	}

	inline srtp_err_status_t ProtectRtcp(
	  srtp_t session,
	  const std::uint8_t* input,
	  std::size_t inputLength,
	  std::uint8_t* output,
	  std::size_t* outputLength,
	  std::size_t /*mkiIndex*/)
	{
		return Through<rtcpGrowth>(::srtp_protect_rtcp, session, input, inputLength, output, outputLength);
	}

	inline srtp_err_status_t UnprotectRtcp(
	  srtp_t session, const std::uint8_t* input, std::size_t inputLength, std::uint8_t* output, std::size_t* outputLength)
	{
		return Through<0>(::srtp_unprotect_rtcp, session, input, inputLength, output, outputLength);
	}
} // namespace callscope_srtp

// From here on the worker's source sees the newer names. Macros, because the older library has functions and a
// type of the same names with other signatures.
#define srtp_policy_t callscope_srtp::PolicyHandle
#define srtp_policy_create callscope_srtp::CreatePolicy
#define srtp_policy_destroy callscope_srtp::DestroyPolicy
#define srtp_policy_set_ssrc callscope_srtp::SetSsrc
#define srtp_policy_set_profile callscope_srtp::SetProfile
#define srtp_policy_add_key callscope_srtp::AddKey
#define srtp_policy_set_allow_repeat_tx callscope_srtp::SetAllowRepeatedSending
#define srtp_policy_set_window_size callscope_srtp::SetWindowSize
#define srtp_create callscope_srtp::CreateSession
#define srtp_protect callscope_srtp::ProtectRtp
#define srtp_unprotect callscope_srtp::UnprotectRtp
#define srtp_protect_rtcp callscope_srtp::ProtectRtcp
#define srtp_unprotect_rtcp callscope_srtp::UnprotectRtcp
#define srtp_stream_remove srtp_remove_stream
