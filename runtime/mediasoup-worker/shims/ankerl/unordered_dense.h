// The worker's hash tables (ankerl::unordered_dense, not in Debian) by those of the standard library: the same
// interface as far as the worker uses it, somewhat slower.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <unordered_set>

namespace ankerl::unordered_dense
{
	// libstdc++ hashes a number to itself, and SSRCs and ports cluster: mix the bits (finaliser of splitmix64).
	template<typename Key>
	struct hash
	{
		std::size_t operator()(const Key& key) const noexcept(noexcept(std::hash<Key>{}(key)))
		{
			std::uint64_t bits = std::hash<Key>{}(key);

			bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9ULL;
			bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebULL;

			return static_cast<std::size_t>(bits ^ (bits >> 31));
		}
	};

	template<typename Key, typename Value, typename Hash = hash<Key>, typename Equal = std::equal_to<Key>>
	using map = std::unordered_map<Key, Value, Hash, Equal>;

	template<typename Key, typename Hash = hash<Key>, typename Equal = std::equal_to<Key>>
	using set = std::unordered_set<Key, Hash, Equal>;
} // namespace ankerl::unordered_dense
