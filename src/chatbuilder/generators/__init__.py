"""One module for each platform: Blueprint -> Solution. Pure: no disk, no network, no clock."""
