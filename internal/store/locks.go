package store

// The advisory locks of the register. The first number is the same of all, so that nothing else on the server meets them; the triggers of the
// audit's chain and of the numbering of events take (370305, 1) and (370305, 16), see migrations 0001 and 0019.
const (
	// rosterLock orders calculations, so that of two at the same time the later sees what the earlier pays. The keys of
	// payments would refuse the later in any case.
	rosterLock = "(370305, 2)"
	// rulesLock is shared by all writes, and held alone by a change of the rules.
	rulesLock = "(370305, 3)"
	// publishLock is held by who publishes a release.
	publishLock = "(370305, 4)"
	// migrationLock is held by who brings the schema to that of his program, through all of it.
	migrationLock = "(370305, 66)"
	// tallyLock is held by who folds the counts kept by village, or makes them again.
	tallyLock = "(370305, 25)"
	// fastLock is held by who writes down that an account decides fast: several processes find out at the same time.
	fastLock = "(370305, 67)"
)
