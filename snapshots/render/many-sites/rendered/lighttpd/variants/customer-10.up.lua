do -- fence variant=up generation=0 site=customer-10 (generated, do not edit)
end
