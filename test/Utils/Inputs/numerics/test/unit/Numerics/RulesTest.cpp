TEST(Rules, n1_kept) {}
TEST(Rules, n9_stray) {}
